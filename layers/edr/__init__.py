"""What can be asked of the environment by place and time: stations, traffic and surfaces."""
