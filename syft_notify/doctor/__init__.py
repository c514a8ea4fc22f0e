"""The checks of `doctor`: whether all that is needed is there and works. They write and send nothing."""
