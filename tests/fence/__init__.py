"""The fence of the operating system by itself: what a superuser of a private server cannot do."""
