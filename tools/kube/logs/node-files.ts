// kubelet's log files of a Pod, by the API server's proxy to the node. kubectl logs returns only the newest file of a container.
import { z } from 'zod'
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { tryRun } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import type { LoggedPod } from './logged-pods.ts'

/** kubelet serves this folder of the node, as /logs/. */
const served = '/var/log/'
const defaultFolder = '/var/log/pods'
const callTimeoutMs = 20_000
const settings = z.object({ kubeletconfig: z.object({ podLogsDir: z.string().optional() }) })

/** Throws Error with the reason if kubelet does not serve the folder of logs. Returns the path under which the API server has it. */
export async function findLogFolder(node: string): Promise<string> {
  const proxy = `/api/v1/nodes/${node}/proxy`
  // Without an answer, kubelet may still serve the logs.
  const { stdout } = await tryRun('kubectl', ['get', '--raw', `${proxy}/configz`], {
    timeoutMs: callTimeoutMs,
  })
  const folder = settings.safeParse(parseJson(stdout)).data?.kubeletconfig.podLogsDir
  const inNode = folder || defaultFolder
  if (!`${inNode}/`.startsWith(served)) {
    throw new Error(`kubelet of ${node} writes logs to ${inNode}, and serves only ${served}`)
  }
  return `${proxy}/logs/${inNode.slice(served.length)}`
}

/** The name of the Pod's folder in kubelet's folder of logs. */
export function folderOf({ namespace, name, uid }: LoggedPod): string {
  return `${namespace}_${name}_${uid}`
}

/** Lists the names in a folder, folders with a slash at the end. Throws Error if kubelet does not answer with a list. */
export async function listFolder(path: string): Promise<string[]> {
  const { code, stdout, stderr } = await tryRun('kubectl', ['get', '--raw', `${path}/`], {
    timeoutMs: callTimeoutMs,
  })
  if (code === 124) throw new Error(`no answer within ${atPace(callTimeoutMs) / 1_000} s`)
  if (code !== 0) throw new Error(stderr.trim())
  if (!stdout.includes('<pre>')) throw new Error(`${path}/ is no list of files`)
  return readListing(stdout)
}

/** Reads the page that Go's file server makes of a folder. The API server may put its own path before each name. */
export function readListing(html: string): string[] {
  return [...html.matchAll(/<a href="(?:[^"]*\/)?([^"/]+\/?)">/g)].map(([, name = '']) =>
    decodeURIComponent(name),
  )
}

/**
 * Sorts the files of a container by age: 0.log.20261129-120000.gz, 0.log.20261129-130000, 0.log, then those of 1.log. Leaves out
 * what kubelet is writing.
 */
export function sortFiles(names: readonly string[]): string[] {
  const key = (name: string) => (name.endsWith('.log') ? `${name}.~` : name)
  return names
    .filter((name) => /^\d+\.log/.test(name) && !name.endsWith('.tmp'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (key(a) < key(b) ? -1 : 1))
}
