/** agnhost mounttest: tells of files what tests of volumes want to know. Source: kubernetes test/images/agnhost/mounttest. */
import { sleep, type Task } from '../../../sim/task.ts'
import { goMode, goPermissions, type FileStat } from '../../file-mode.ts'
import { print, type System } from '../../program.ts'
import { flag, isSet } from './command.ts'

const NEW_TEXT = 'mount-tester new file\n'
const NOT_THERE = 'no such file or directory'
/** What statfs says of an overlay file system. */
const OVERLAY_MAGIC = 0x794c7630
const RETRY_MS = 2000

const path = (system: System, name: string) => flag(system, name)?.replace(/^"|"$/g, '') ?? ''

const NEW_FILES = [
  ['rw_new_file', 0o644],
  ['new_file_0644', 0o644],
  ['new_file_0660', 0o660],
  ['new_file_0666', 0o666],
  ['new_file_0777', 0o777],
] as const

const TOLD: readonly (readonly [flag: string, tell: (file: string, stat: FileStat) => string])[] = [
  ['file_mode', (file, stat) => `mode of file "${file}": ${goMode(stat)}`],
  ['file_perm', (file, stat) => `perms of file "${file}": ${goPermissions(stat)}`],
]

/** False when the file is not there. */
function show(system: System, file: string): boolean {
  const text = system.files.read(file)
  if (text === undefined) print(system, `error reading file content for "${file}": open ${file}: ${NOT_THERE}`)
  else print(system, `content of file "${file}": ${text}`)
  return text !== undefined
}

function make(system: System, file: string, mode: number): boolean {
  const isNew = !system.files.exists(file)
  const error = system.files.write(file, NEW_TEXT)
  if (error !== undefined) {
    print(system, `error writing new file "${file}": open ${file}: ${error.toLowerCase()}`)
    return false
  }
  if (isNew) system.files.change(file, { mode })
  return show(system, file)
}

function tell(system: System, name: string, text: (file: string, stat: FileStat) => string): boolean {
  const file = path(system, name)
  if (file === '') return true
  const stat = system.files.stat(file)
  print(system, stat ? text(file, stat) : `error lstat ${file}: ${NOT_THERE}`)
  return stat !== undefined
}

/** Reads until the content is the expected one; without that, until its time is up. */
function* readAgain(system: System, file: string): Task<boolean> {
  const endMs = system.sim.now + Number(flag(system, 'retry_time') ?? 180) * 1000
  const isWatched = (flag(system, 'break_on_expected_content') ?? 'true') === 'false'
  while (system.sim.now < endMs) {
    const text = system.files.read(file)
    if (text === undefined) print(system, `Error reading file ${file}: open ${file}: ${NOT_THERE}, retrying`)
    else {
      print(system, `content of file "${file}": ${text}`)
      if (!isWatched && text === NEW_TEXT) return true
    }
    yield* sleep(RETRY_MS)
  }
  return isWatched
}

export function* mountTest(system: System): Task<number> {
  let good = true
  const volume = path(system, 'fs_type')
  if (volume !== '') print(system, `mount type of "${volume}": ${system.files.isInMemory(volume) ? 'tmpfs' : OVERLAY_MAGIC}`)
  for (const [name, mode] of NEW_FILES) {
    const file = path(system, name)
    if (file !== '' && !make(system, file, mode)) good = false
  }
  for (const [name, text] of TOLD) if (!tell(system, name, text)) good = false
  const read = path(system, 'file_content')
  if (read !== '' && !show(system, read)) good = false
  const looped = path(system, 'file_content_in_loop')
  if (looped !== '' && !(yield* readAgain(system, looped))) good = false
  const owner = (file: string, { user, group }: FileStat) => `owner UID of "${file}": ${user}\nowner GID of "${file}": ${group}`
  if (!tell(system, 'file_owner', owner)) good = false
  return good || isSet(system, 'help') ? 0 : 1
}
