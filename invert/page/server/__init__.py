"""What keeps the server up: admission, queue, loading, failures, throwaway processes."""
