def run(raw):
    return raw
