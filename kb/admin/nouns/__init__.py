"""One module for each thing that staff edit."""
