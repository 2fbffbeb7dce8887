"""Every parser of bytes from outside, fed with what nobody means well by."""
