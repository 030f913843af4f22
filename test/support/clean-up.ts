// Takes away what a test has made: after the test, or, if a hook of the file has made it, after the file's last test.
import { afterAll, onTestFinished, TestRunner } from 'vitest'

type Work = () => unknown
const afterFile: Work[] = []
afterAll(async () => {
  for (const work of afterFile.toReversed()) await work()
})

/** Has `work` done in the end, last made first. */
export function cleanUp(work: Work): void {
  if (TestRunner.getCurrentTest() === undefined) afterFile.push(work)
  else onTestFinished(async () => void (await work()))
}
