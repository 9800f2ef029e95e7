"""What is optimised in training: functions drawn from priors."""
