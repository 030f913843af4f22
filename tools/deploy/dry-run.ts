// DRY_RUN is "yes" or is not there: another word for yes must not be taken for no.
import { UserError } from '../cli/terminal.ts'

/** True for "yes". Throws UserError for what says neither. */
export function parseDryRun(variable = ''): boolean {
  if (variable === '' || variable === 'yes') return variable === 'yes'
  throw new UserError(`DRY_RUN="${variable}" says nothing`, 'DRY_RUN=yes, or leave it out')
}
