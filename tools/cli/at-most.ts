// Works on a list with bounded concurrency.

/** Calls `work` for each item, at most `most` at once. The first failure rejects, and what has begun goes on. */
export async function forEachAtMost<T>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  // All workers share it, so each item goes to one of them.
  const waiting = items.values()
  await Promise.all(
    Array.from({ length: most }, async () => {
      for (const item of waiting) await work(item)
    }),
  )
}
