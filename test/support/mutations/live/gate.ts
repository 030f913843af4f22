// Lets the work of all lanes run together, and work that concerns all lanes alone.

export type Gate = {
  together: <T>(work: () => Promise<T>) => Promise<T>
  alone: <T>(work: () => Promise<T>) => Promise<T>
}

export function createGate(): Gate {
  const running = new Set<Promise<unknown>>()
  let last: Promise<unknown> = Promise.resolve()
  const settle = (work: Promise<unknown>) => work.catch(() => {})
  return {
    together: async (work) => {
      await last
      const done = work()
      const settled = settle(done)
      running.add(settled)
      void settled.then(() => running.delete(settled))
      return done
    },
    alone: (work) => {
      const before = last
      const done = (async () => {
        await before
        await Promise.all(running)
        return work()
      })()
      last = settle(done)
      return done
    },
  }
}
