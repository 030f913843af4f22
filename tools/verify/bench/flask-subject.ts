// The use case in Flask, served by gunicorn with two workers for each service, with the packages of examples/flask.
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { findFreePort } from '../../local-cluster/free-port.ts'
import { describePython, fetchPackages, type Python } from '../../local-cluster/programs/python.ts'
import { type Started, startProgram } from './service.ts'
import { processSubject, type Subject } from './subject.ts'

const APPS = join(import.meta.dirname, 'flask')
const REQUIREMENTS = join(CHECKOUT, 'examples/flask/requirements.txt')

/** Starts both services. Throws an error that says what is missing, for example Python. */
export async function startFlask(
  folder: string,
): Promise<{ subject: Subject; started: readonly Started[] }> {
  for (const program of ['python3', 'pip3']) {
    const { code } = await tryRun(program, ['--version'])
    if (code !== 0) throw new UserError(`${program} does not run`, 'Install Python with pip.')
  }
  const python = describePython(await fetchPackages(REQUIREMENTS))
  const [signerPort, port] = [await findFreePort(), await findFreePort()]
  const url = `http://127.0.0.1:${signerPort}/sign`
  const signer = await serve(python, 'signer', signerPort, {}, folder)
  const frontend = await serve(python, 'frontend', port, { SIGNER_URL: url }, folder)
  const subject: Subject = {
    ...processSubject,
    id: 'flask',
    name: 'the same in Flask',
    isOurs: false,
    address: { host: '127.0.0.1', port },
  }
  return { subject, started: [signer, frontend] }
}

async function serve(
  python: Python,
  app: string,
  port: number,
  environment: Record<string, string>,
  folder: string,
): Promise<Started> {
  const [program, ...flags] = python.command
  const bind = [`--bind=127.0.0.1:${port}`, '--workers=2', `--chdir=${APPS}`]
  const args = [...flags, '-m', 'gunicorn', ...bind, '--no-control-socket', `${app}:app`]
  const env = { PATH: process.env.PATH ?? '', ...python.env, ...environment }
  const log = join(folder, `flask-${app}.log`)
  const started = await startProgram(program, args, env, log, 'Booting worker')
  // gunicorn has to end its workers.
  return { ...started, stop: () => started.child.kill('SIGTERM') }
}
