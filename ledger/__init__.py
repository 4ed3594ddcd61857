"""What happened to everything that was accepted: conservation now; read model and audit later."""
