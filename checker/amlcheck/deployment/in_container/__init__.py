"""What is put into a scoring container. Nothing here is imported by amlcheck; it must run on any Python from 3.5 on."""
