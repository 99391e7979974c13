"""The first Lambda: says hello, counts its calls, and names the role it runs as."""

import logging
import os

logger = logging.getLogger()
logger.setLevel(logging.INFO)

calls = 0  # survives between calls for as long as the environment is kept warm


def lambda_handler(event, context):
    global calls
    calls += 1
    logger.info("call %d of this environment", calls)
    return {
        "message": f"Hello, {event.get('name', 'world')}!",
        "calls": calls,
        "function": context.function_name,
        "memory_mb": context.memory_limit_in_mb,
        "region": os.environ["AWS_REGION"],
        "milliseconds_left": context.get_remaining_time_in_millis(),
    }
