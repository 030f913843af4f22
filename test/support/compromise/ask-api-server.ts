// Sends requests of an attacker to the API server. This file is sent into the container.
import { request } from 'node:https'
import type { Attempt } from './escape.ts'

/** Sends each of `paths` ("METHOD /path") with `token` and without one. `result` is a status or an error. */
export async function askApiServer(input: {
  token: string
  paths: string[]
  timeoutMs: number
}): Promise<Attempt[]> {
  const { token, paths, timeoutMs } = input
  const ask = (line: string, authorization?: string) =>
    new Promise<Attempt>((resolve) => {
      const [method = '', path = ''] = line.split(' ')
      const what = `${line} ${authorization === undefined ? 'anonymously' : 'with the token'}`
      const sent = request(
        {
          host: process.env.KUBERNETES_SERVICE_HOST,
          port: process.env.KUBERNETES_SERVICE_PORT,
          rejectUnauthorized: false,
          timeout: timeoutMs,
          method,
          path,
          headers: authorization === undefined ? {} : { authorization },
        },
        (answer) => {
          answer.resume()
          resolve({ what, result: String(answer.statusCode) })
        },
      )
      sent.on('timeout', () => sent.destroy(new Error('timeout')))
      sent.on('error', (error: NodeJS.ErrnoException) => {
        resolve({ what, result: error.code ?? error.message })
      })
      sent.end()
    })
  return Promise.all(paths.flatMap((line) => [ask(line), ask(line, `Bearer ${token}`)]))
}
