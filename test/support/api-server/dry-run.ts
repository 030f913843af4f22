// What an API server would say to a Pod, as its administrator asks. By HTTPS: for hundreds, a kubectl each takes too long.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Resource } from '../../../tools/kube/resources.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'

const status = z.object({ message: z.string() })

/** Returns a function that gives the objection of the API server at `url` to a Pod, or an empty text. */
export function createDryRun(url: string): (pod: Resource) => Promise<string> {
  const read = (name: string) => readFileSync(join(PKI, name))
  const [ca, cert, key] = [read('ca.crt'), read('admin.crt'), read('admin.key')]
  const agent = new Agent({ ca, cert, key, keepAlive: true, maxSockets: 4 })
  const headers = { 'content-type': 'application/json' }
  return async (pod) => {
    const query = 'dryRun=All&fieldValidation=Strict'
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods?${query}`
    const asked = request(new URL(path, url), { method: 'POST', agent, headers })
    asked.end(JSON.stringify(pod))
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const body = await text(answer)
    return answer.statusCode === 201 ? '' : status.parse(JSON.parse(body)).message
  }
}
