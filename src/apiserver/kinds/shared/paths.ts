/** Rules for file paths in volumes and mounts. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { invalid } from '../../../apimachinery/field-errors.ts'

export function checkNoBacksteps(path: string, field: string): FieldError[] {
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : []
}

export function checkRelativePath(path: string, field: string): FieldError[] {
  const errors = path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []
  return [...errors, ...checkNoBacksteps(path, field)]
}

/** Relative, and not starting with two dots, which volume writers keep for themselves. */
export function checkVolumeFilePath(path: string, field: string): FieldError[] {
  const errors = checkRelativePath(path, field)
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalid(field, path, "must not start with '..'"))
  return errors
}

/** Permission bits of a file. */
export function checkFileMode(mode: number | undefined, field: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return []
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
}
