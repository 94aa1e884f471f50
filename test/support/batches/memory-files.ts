import type { SharedFiles } from '../../../src/storage/batches/shared-files';

/** Shared files in memory. */
export function memoryFiles(): SharedFiles {
  const files = new Map<string, string>();
  const add = (name: string, content: string): boolean => {
    if (files.has(name)) return false;
    files.set(name, content);
    return true;
  };
  return {
    uri: 'memory:',
    create: async (name, content) => add(name, content),
    createAlike: async (names, content) => new Set(names.filter((name) => add(name, content))),
    read: async (name) => files.get(name),
    list: async (folder) => {
      const below = [...files.keys()].filter((name) => name.startsWith(`${folder}/`));
      return [...new Set(below.map((name) => name.slice(folder.length + 1).split('/', 1)[0] ?? ''))].sort();
    },
    remove: async (name) => void files.delete(name),
    removeFolder: async (folder) => {
      for (const name of files.keys()) if (name.startsWith(`${folder}/`)) files.delete(name);
    },
  };
}
