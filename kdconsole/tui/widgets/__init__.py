"""One file per widget; each draws what it is given and knows no files."""
