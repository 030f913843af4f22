// make example-images: builds the images of examples/, imports them into the local cluster, and prints their references.
import { runMain } from '../cli/terminal.ts'
import { exampleNames, provideExampleImage } from './images/example-images.ts'

await runMain(async () => {
  for (const name of exampleNames) process.stdout.write(`${await provideExampleImage(name)}\n`)
})
