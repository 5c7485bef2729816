"""Trains the bundled network on synthetic faces. Only tests and benchmarks import this package."""
