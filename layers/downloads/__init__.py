"""The features of a query as a stream or a file, however many: only a piece of them is ever in memory."""
