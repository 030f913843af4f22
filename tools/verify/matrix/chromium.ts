// The machine's own Chromium, which opens nothing but our page. None is downloaded.
import { type Browser, chromium } from 'playwright-core'
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'

const programs = ['chromium', 'chromium-browser', 'google-chrome']
export const CHROMIUM_REMEDY = 'install Chromium, e.g. the Debian package chromium'

/** The path of the first that is on the PATH. */
export async function findChromium(): Promise<string | undefined> {
  const script = 'for each; do command -v "$each" && exit; done'
  const { stdout } = await tryRun('sh', ['-c', script, 'sh', ...programs])
  return stdout.trim() || undefined
}

/** Starts it without a window; throws UserError where there is none. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await findChromium()
  if (executablePath === undefined) throw new UserError('there is no browser', CHROMIUM_REMEDY)
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      // Its sandbox does not run as root; the page is ours, and has no script.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
