"""What runs the service elsewhere: images, Compose, Kubernetes."""
