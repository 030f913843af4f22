// Removes what a test made after the test, and what a hook made after the last test of the file.
import { afterAll, onTestFinished, TestRunner } from 'vitest'

type Work = () => unknown
const afterFile: Work[] = []
afterAll(async () => {
  for (const work of afterFile.toReversed()) await work()
})

/** Runs `work` at the end. The last one registered runs first. */
export function cleanUp(work: Work): void {
  if (TestRunner.getCurrentTest() === undefined) afterFile.push(work)
  else onTestFinished(async () => void (await work()))
}
