"""Tools for developing Minutekeeper. The product never imports them, and neither wheel nor image has them."""
