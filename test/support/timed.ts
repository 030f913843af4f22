// Prints how long something takes, for the figures in docs/.

export async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  const start = Date.now()
  const result = await work()
  console.info(`${title} after ${Date.now() - start} ms`)
  return result
}
