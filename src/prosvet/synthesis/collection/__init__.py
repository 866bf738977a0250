"""A set of made films of one finding, balanced by place and severity, each with its normal twin, for retraining."""
