#!/bin/sh
# The system's compiler, as a label that rules can name.
exec protoc "$@"
