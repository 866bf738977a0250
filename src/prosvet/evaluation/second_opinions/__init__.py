"""Figures of second opinions: how far two readers agree, and how a model's disagreements were judged."""
