"""The screens: a viewer of run folders. The only package that imports textual; it never owns a run."""
