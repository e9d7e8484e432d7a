"""The register for programs that talk in tools (Model Context Protocol): by HTTP and by stdio.

What a tool answers is what the endpoint of the same question answers; nothing here writes.
"""
