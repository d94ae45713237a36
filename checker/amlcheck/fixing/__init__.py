"""What would make a violation or finding go away: repairs found, proved by checking again, shown or applied."""
