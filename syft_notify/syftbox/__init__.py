"""What syft-client writes to Drive and to disk, per generation."""
