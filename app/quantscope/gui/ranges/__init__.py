"""Dynamic ranges: the tree of tensors and the heat map beside it, and what edits them."""
