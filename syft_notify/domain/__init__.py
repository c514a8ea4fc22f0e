"""The words and rules of the program: values and pure functions, without input or output."""
