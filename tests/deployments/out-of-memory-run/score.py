def init():
    pass


def run(raw):
    model = [bytearray(b"x" * (8 << 20)) for _ in range(1000)]
    return len(model)
