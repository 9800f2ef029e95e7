"""The paper's policies: the network's state is all that they keep of the trials."""
