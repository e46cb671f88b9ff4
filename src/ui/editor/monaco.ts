/** Monaco with YAML for Kubernetes. Large: only ever imported dynamically, when someone is about to write. */
import * as monaco from 'monaco-editor/editor'
import 'monaco-editor/features/register.all'
import 'monaco-editor/languages/definitions/yaml/register'
import { configureMonacoYaml } from 'monaco-yaml'
import { hexColor } from '../theme/hex.ts'
import { loadSchema } from './schema.ts'

/** A problem at a place of the text; lines and columns from 1. */
export interface Problem {
  readonly line: number
  readonly column: number
  readonly message: string
}
export interface EditorHandle {
  readonly getText: () => string
  readonly setText: (text: string) => void
  readonly setProblems: (problems: readonly Problem[]) => void
  readonly goTo: (line: number) => void
  readonly focus: () => void
  readonly dispose: () => void
}
export interface EditorOptions {
  readonly text: string
  /** Where the caret stands, counted in characters. */
  readonly offset: number
  readonly label: string
  readonly onChange: (text: string) => void
  readonly onApply: () => void
}

const THEME = 'kubarium'
const OWNER = 'kubarium'

function editorWorker(): Worker {
  return new Worker(new URL('./editor.worker.ts', import.meta.url), { type: 'module' })
}
function yamlWorker(): Worker {
  return new Worker(new URL('./yaml.worker.ts', import.meta.url), { type: 'module' })
}

let prepared: Promise<void> | undefined

/** Once per page: workers, schema, language service. */
export function prepare(): Promise<void> {
  prepared ??= configure()
  return prepared
}

async function configure(): Promise<void> {
  globalThis.MonacoEnvironment = {
    getWorker: (_: unknown, label: string) => (label === 'yaml' ? yamlWorker() : editorWorker()),
  }
  const schema = await loadSchema()
  // monaco-yaml 5 still asks for workers in the way that Monaco had before 0.53.
  const createWebWorker = (options: { worker?: Worker; createData?: unknown; host?: object; keepIdleModels?: boolean }) => {
    if (options.worker) return monaco.editor.createWebWorker(options as Parameters<typeof monaco.editor.createWebWorker>[0])
    const worker = yamlWorker()
    worker.postMessage('ignore')
    worker.postMessage(options.createData)
    return monaco.editor.createWebWorker({
      worker,
      host: options.host as Record<string, never>,
      keepIdleModels: options.keepIdleModels,
    })
  }
  const shimmed = { ...monaco, editor: { ...monaco.editor, createWebWorker } } as unknown as Parameters<
    typeof configureMonacoYaml
  >[0]
  configureMonacoYaml(shimmed, {
    enableSchemaRequest: false,
    isKubernetes: true,
    format: { enable: false },
    schemas: [{ uri: 'k8s://api/kubernetes-1.36', fileMatch: ['**/*.yaml'], schema: schema as never }],
  })
}

/** Takes the page's colours; call again when they change. */
export function applyTheme(dark: boolean): void {
  const style = getComputedStyle(document.documentElement)
  const get = (name: string): string => hexColor(style.getPropertyValue(name).trim())
  const bare = (name: string): string => get(name).slice(1)
  monaco.editor.defineTheme(THEME, {
    base: dark ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      { token: 'type', foreground: bare('--accent') },
      { token: 'string', foreground: bare('--text') },
      { token: 'number', foreground: bare('--text') },
      { token: 'keyword', foreground: bare('--text') },
      { token: 'comment', foreground: bare('--text-muted') },
    ],
    colors: {
      'editor.background': get('--surface-raised'),
      'editor.foreground': get('--text'),
      'editorLineNumber.foreground': get('--text-muted'),
      'editorLineNumber.activeForeground': get('--text'),
      'editor.lineHighlightBackground': get('--surface-panel'),
      'editor.lineHighlightBorder': get('--surface-panel'),
      'editorWidget.background': get('--surface-raised'),
      'editorWidget.border': get('--line-strong'),
      focusBorder: get('--accent'),
    },
  })
  monaco.editor.setTheme(THEME)
}

function commonOptions(): monaco.editor.IEditorOptions {
  const size = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--text-data')) || 13
  return {
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono'),
    fontSize: size,
    lineHeight: Math.round(size * 1.5),
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    fixedOverflowWidgets: true,
    smoothScrolling: false,
    renderLineHighlight: 'line',
    overviewRulerBorder: false,
    padding: { top: 6, bottom: 6 },
  }
}

export function createEditor(container: HTMLElement, { text, offset, label, onChange, onApply }: EditorOptions): EditorHandle {
  const model = monaco.editor.createModel(text, 'yaml', monaco.Uri.parse(`file:///manifest-${Date.now()}.yaml`))
  model.updateOptions({ tabSize: 2, insertSpaces: true })
  const editor = monaco.editor.create(container, {
    ...commonOptions(),
    model,
    theme: THEME,
    automaticLayout: true,
    ariaLabel: label,
    quickSuggestions: { other: true, comments: false, strings: true },
    wordBasedSuggestions: 'off',
    tabSize: 2,
    // Tab leaves the editor for people without a mouse: Ctrl+M as in every Monaco.
    accessibilitySupport: 'auto',
  })
  editor.setPosition(model.getPositionAt(offset))
  const clearing = monaco.editor.onDidChangeMarkers(() => {
    // The YAML service finds fault with an empty text; there is none.
    const blank = model.getValue().trim() === ''
    if (blank && monaco.editor.getModelMarkers({ resource: model.uri, owner: 'yaml' }).length > 0)
      monaco.editor.setModelMarkers(model, 'yaml', [])
  })
  editor.onDidChangeModelContent(() => onChange(model.getValue()))
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, onApply)
  return {
    getText: () => model.getValue(),
    setText: (next) => {
      if (next === model.getValue()) return
      // An edit, so that undo brings the former text back.
      editor.executeEdits('load', [{ range: model.getFullModelRange(), text: next }])
      editor.setPosition({ lineNumber: 1, column: 1 })
      editor.revealLine(1)
    },
    setProblems: (problems) => setProblems(model, problems),
    goTo: (line) => {
      editor.revealLineInCenter(line)
      editor.setPosition({ lineNumber: line, column: 1 })
      editor.focus()
    },
    focus: () => editor.focus(),
    dispose: () => {
      clearing.dispose()
      editor.dispose()
      model.dispose()
    },
  }
}

/** Shows problems where no other finder has marked the line already. */
function setProblems(model: monaco.editor.ITextModel, problems: readonly Problem[]): void {
  const marked = new Set(
    monaco.editor
      .getModelMarkers({ resource: model.uri })
      .filter((marker) => marker.owner !== OWNER)
      .map((marker) => marker.startLineNumber),
  )
  const shown = problems.filter((problem) => !marked.has(problem.line))
  monaco.editor.setModelMarkers(
    model,
    OWNER,
    shown.map(({ line, column, message }) => {
      const at = Math.min(Math.max(1, line), model.getLineCount())
      return {
        severity: monaco.MarkerSeverity.Error,
        message,
        startLineNumber: at,
        startColumn: column > 1 ? column : model.getLineFirstNonWhitespaceColumn(at) || 1,
        endLineNumber: at,
        endColumn: model.getLineMaxColumn(at),
      }
    }),
  )
}

/** Two texts side by side: what is live, and what would be. */
export function createDiff(
  container: HTMLElement,
  before: string,
  after: string,
  label: string,
): { readonly dispose: () => void } {
  const models = [before, after].map((text) => monaco.editor.createModel(text, 'yaml'))
  const [original, modified] = models
  const editor = monaco.editor.createDiffEditor(container, {
    ...commonOptions(),
    theme: THEME,
    readOnly: true,
    automaticLayout: true,
    originalAriaLabel: label,
    modifiedAriaLabel: label,
    renderSideBySide: container.clientWidth > 700,
    hideUnchangedRegions: { enabled: true },
    renderOverviewRuler: false,
  })
  if (original && modified) editor.setModel({ original, modified })
  return {
    dispose: () => {
      editor.dispose()
      for (const model of models) model.dispose()
    },
  }
}
