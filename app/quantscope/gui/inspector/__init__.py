"""The selected tensor from several sides: bits, type, words, channels, stored integers."""
