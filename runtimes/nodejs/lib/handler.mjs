// From the text of `_HANDLER` to a function.
//
//   dir/module.outer.inner     the file is tried as it is, then .js, .mjs, .cjs; then as Node.js finds a package

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } from './errors.mjs';

// The handler that `text` names, in the code below `root`.
export async function load(root, text) {
  if (text.includes('..')) {
    throw new MalformedHandlerName(`'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const directory = path.dirname(text);
  const [, moduleName, names] = /^([^.]*)\.(.+)$/.exec(path.basename(text)) ?? [];
  if (moduleName === undefined) {
    throw new MalformedHandlerName('Bad handler');
  }
  const module = await loadModule(root, directory, moduleName);
  const follow = (from) => names.split('.').reduce((thing, name) => thing?.[name], from);
  const handler = follow(module) ?? follow(module?.default);
  if (handler === undefined || handler === null) {
    throw new HandlerNotFound(`${text} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw new HandlerNotFound(`${text} is not a function`);
  }
  return handler;
}

async function loadModule(root, directory, moduleName) {
  try {
    return await findModule(root, directory, moduleName);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UserCodeSyntaxError(error);
    }
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new ImportModuleError(error);
    }
    throw error;
  }
}

async function findModule(root, directory, moduleName) {
  const file = path.resolve(root, directory, moduleName);
  const require = createRequire(path.join(root, 'index.js'));
  if (isFile(file)) {
    return require(file);
  }
  if (isFile(`${file}.js`)) {
    return isModule(file) ? import(pathToFileURL(`${file}.js`).href) : require(`${file}.js`);
  }
  if (isFile(`${file}.mjs`)) {
    return import(pathToFileURL(`${file}.mjs`).href);
  }
  if (isFile(`${file}.cjs`)) {
    return require(`${file}.cjs`);
  }
  // Not a file of its own: a package of the function's or of a layer's, through NODE_PATH.
  return require(require.resolve(moduleName, { paths: [path.resolve(root, directory), root] }));
}

function isFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

// Whether the nearest package.json above `file` says that its .js files are ES modules.
function isModule(file) {
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const manifest = path.join(directory, 'package.json');
    if (existsSync(manifest)) {
      try {
        return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (directory === path.dirname(directory) || path.basename(directory) === 'node_modules') {
      return false;
    }
  }
}
