"""The rehearsal account: moto's server with SageMaker Studio added, on this machine's loopback only.

`server` starts, finds and stops it and needs no moto; everything else runs inside the emulator's own process.
"""
