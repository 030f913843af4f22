// make evidence: collects what an incident needs into a folder, before anything restarts. It changes nothing on the cluster. What
// cannot be read is named and does not stop the rest. Exits with 1 if nothing of a signer's log could be read.
import { z } from 'zod'
import packageJson from '../../package.json' with { type: 'json' }
import { showPath } from '../cli/checkout.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { kubectl, kubectlJson } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'
import { collect } from './evidence/collect.ts'
import { makeFolder } from './evidence/folder.ts'
import { manifestName, type Origin, writeManifest } from './evidence/manifest.ts'

const whoami = z
  .object({ status: z.object({ userInfo: z.unknown() }) })
  .transform(({ status }) => status.userInfo)

await runMain(async () => {
  const started = new Date()
  const folder = await makeFolder(started)
  await step('the cluster answers', checkCluster)
  const { unread, signersUnread } = await collect(folder)
  const origin = await describeOrigin(started)
  const { files, bytes, sha256 } = await writeManifest(folder, origin, unread)
  const path = showPath(folder)
  say(
    `${files} files, ${(bytes / 1e6).toFixed(1)} MB. No Secret is among them. Logs and resources may be confidential.`,
  )
  if (unread.length > 0)
    say(`INCOMPLETE: ${unread.length} parts could not be read. ${manifestName} names them.`)
  say(
    `Record this in another place. It proves that nothing in the folder changed: SHA-256 of ${manifestName} ${sha256}`,
  )
  process.stdout.write(`${path}\n`)
  if (signersUnread.length === 0) return
  throw new UserError(
    `the log of a signer could not be read:\n  ${signersUnread.join('\n  ')}`,
    'Read it in the collector of your cluster. Keep the Pod, and run `make evidence` again with another folder.',
  )
})

async function describeOrigin(started: Date): Promise<Origin> {
  const [user, cluster] = await Promise.all([
    kubectlJson(whoami, ['auth', 'whoami', '-o', 'json']).catch(String),
    kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}']),
  ])
  return {
    ...{ started: started.toISOString(), ended: new Date().toISOString(), user, cluster },
    ...{ namespace, version: packageJson.version },
  }
}
