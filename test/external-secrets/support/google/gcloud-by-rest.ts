// Stands for gcloud where that is not installed: sends the requests that gcloud 528 sends for these commands, by the same
// variables. It knows only the arguments of docs/key-managers.md. gcloud-arguments.ts says whether gcloud has them.
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ask } from '../../../support/clouds/ask.ts'
import { secretManager } from '../../../support/google/google.ts'

const { HTTPS_PROXY = '', SSL_CERT_FILE = '', CLOUDSDK_AUTH_ACCESS_TOKEN_FILE = '' } = process.env
const text = { type: 'string' } as const
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ project: text, secret: text, role: text, member: text },
    ...{ 'data-file': text, 'replication-policy': text },
  },
})
const name = positionals.at(-1)
const command = positionals.slice(0, -1).join(' ')
const project = `projects/${values.project}`
const policySchema = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()) })).default([]),
})

async function call(method: 'GET' | 'POST', path: string, value?: object): Promise<unknown> {
  const token = (await readFile(CLOUDSDK_AUTH_ACCESS_TOKEN_FILE, 'utf8')).trim()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const sent = { method, headers, body: value === undefined ? '' : JSON.stringify(value) }
  const surroundings = { HTTPS_PROXY, SSL_CERT_FILE }
  const { status, body } = await ask(`${secretManager}/v1/${path}`, surroundings, sent)
  if (status === 200) return JSON.parse(body)
  throw new Error(`ERROR: (gcloud.${command.replaceAll(' ', '.')}) ${body}`)
}

async function addVersion(): Promise<void> {
  if (values['data-file'] !== '-') throw new Error('only --data-file=- is known here')
  const data = (await buffer(process.stdin)).toString('base64')
  await call('POST', `${project}/secrets/${name}:addVersion`, { payload: { data } })
}

async function changePolicy(isGrant: boolean): Promise<void> {
  const secret = `${project}/secrets/${name}`
  const { role, member = '' } = z.object({ role: z.string(), member: z.string() }).parse(values)
  const { bindings } = policySchema.parse(await call('GET', `${secret}:getIamPolicy`))
  const members = bindings.find((each) => each.role === role)?.members ?? []
  const others = members.filter((each) => each !== member)
  const changed = { role, members: isGrant ? [...others, member] : others }
  const policy = { bindings: [...bindings.filter((each) => each.role !== role), changed] }
  await call('POST', `${secret}:setIamPolicy`, { policy })
}

const changeState = async (verb: string) => {
  await call('POST', `${project}/secrets/${values.secret}/versions/${name}:${verb}`, {})
}

const commands: Record<string, () => Promise<void>> = {
  'secrets create': async () => {
    const replication = { [String(values['replication-policy'])]: {} }
    await call('POST', `${project}/secrets?secretId=${name}`, { replication })
    await addVersion()
  },
  'secrets versions add': addVersion,
  'secrets versions access': async () => {
    const path = `${project}/secrets/${values.secret}/versions/${name}:access`
    const payload = z.object({ payload: z.object({ data: z.base64() }) })
    const { data } = payload.parse(await call('GET', path)).payload
    process.stdout.write(Buffer.from(data, 'base64'))
  },
  'secrets versions disable': () => changeState('disable'),
  'secrets versions enable': () => changeState('enable'),
  'secrets versions destroy': () => changeState('destroy'),
  'secrets add-iam-policy-binding': () => changePolicy(true),
  'secrets remove-iam-policy-binding': () => changePolicy(false),
}

const run = commands[command]
if (run === undefined) throw new Error(`gcloud ${command} is not known here`)
await run()
