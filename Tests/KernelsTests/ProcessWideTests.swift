import Testing

/// Tests that change what the whole process computes with, threads or instruction set: one at a time.
@Suite(.serialized) enum ProcessWideTests {}
