// make deploy: checks the cluster, applies the resources, waits for the Pods, and sends one message. A second run changes
// nothing. tools/cli/make-variables.ts lists the variables.
import { join, relative } from 'node:path'
import { readSwitch } from '../cli/make-variables.ts'
import { runMain, say } from '../cli/terminal.ts'
import { apply, waitUntilReady } from './carry-out.ts'
import { deployFolder, prepare } from './prepare.ts'
import { verify } from './verify-deployment.ts'

await runMain(async () => {
  const isDry = readSwitch('DRY_RUN')
  const force = readSwitch('FORCE_CONFLICTS')
  const plan = await prepare(isDry, force).catch((error) => {
    say('nothing was changed')
    throw error
  })
  if (isDry) {
    printRenderedFiles()
    return
  }
  await apply(plan, force)
  await waitUntilReady(plan)
  await verify(plan)
})

function printRenderedFiles(): void {
  const path = relative(process.cwd(), deployFolder)
  say(`nothing was changed. ${path}/ has what would be applied:`)
  for (const name of ['rendered.yaml', 'kustomization.yaml', 'cluster-values.yaml']) {
    process.stdout.write(`${join(path, name)}\n`)
  }
}
