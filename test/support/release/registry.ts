// A registry that answers npm's requests for advisories as the public one does.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { cleanUp } from '../clean-up.ts'

export type Advisory = {
  id: number
  url: string
  title: string
  severity: string
  vulnerable_versions: string
  cwe: string[]
  cvss: { score: number; vectorString: string }
}
type Asked = Record<string, string[]>

/** The answer from request `since` on. The default: the advisories of the requested packages. */
export type Habits = { since?: number; status?: number; body?: string }

/** Starts it for as long as the test lasts. `known`: advisories by "name@version". `asked` grows with each request. */
export async function startRegistry(known: Record<string, Advisory[]>, habits: Habits = {}) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.end(JSON.stringify(describe(request.url)))
      return
    }
    const question = await readQuestion(request)
    const { status = 200, body } = asked.length < (habits.since ?? 0) ? {} : habits
    asked.push(question)
    response.statusCode = status
    response.end(body ?? JSON.stringify(findAdvisories(question, known)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, asked }
}

async function readQuestion(request: IncomingMessage): Promise<Asked> {
  if (request.url !== '/-/npm/v1/security/advisories/bulk') return {}
  return JSON.parse(await text(request.pipe(createGunzip())))
}

function findAdvisories(asked: Asked, known: Record<string, Advisory[]>) {
  const found = Object.entries(asked).map(([name, versions]) => {
    return [name, versions.flatMap((version) => known[`${name}@${version}`] ?? [])] as const
  })
  return Object.fromEntries(found.filter(([, advisories]) => advisories.length > 0))
}

function describe(path = '') {
  const name = path.slice(1)
  const versions = Object.fromEntries(
    ['1.2.0', '1.2.8'].map((version) => [version, { name, version }]),
  )
  return { name, 'dist-tags': { latest: '1.2.8' }, versions }
}
