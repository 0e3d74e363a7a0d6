"""Networks: the zoo with its published keys, files of weights, and the importer of foreign checkpoints."""
