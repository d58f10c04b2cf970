// What the walked server holds: people in four roles, and objects with the most troublesome names that the server takes.
import type { APIRequestContext, Browser, BrowserContext } from '@playwright/test';

import type { Server } from './server';

export const PASSWORD = 'correct horse battery staple 7';

export type Role = 'administrator' | 'developer' | 'operator' | 'reader';

export const roles: Role[] = ['administrator', 'developer', 'operator', 'reader'];

/** The preset policy of each role; the administrator is the root account. */
const policies: Record<Exclude<Role, 'administrator'>, string> = {
  developer: 'DeveloperAccess',
  operator: 'OperatorAccess',
  reader: 'ReadOnlyAccess',
};

export const nameOf = (role: Role): string => (role === 'administrator' ? 'root' : role);

/** Markup, quotes, a right-to-left mark and wide letters, in the length that names may have. */
export const HOSTILE = '<img src=x onerror=alert(1)>"\'`\u202Egnp.exe\u202C 物联网智能照明设备';
export const WIDE = '超长的产品名称用来检查表格与标题是否会被撑破以及如何换行显示智能照明';

/** Objects by the name that they have in paths of pages. */
export type World = Record<string, string>;

/** Fills the server and sets everybody's password. */
export async function furnish(server: Server, request: APIRequestContext): Promise<World> {
  await setUp(server, request);
  for (const role of roles) {
    if (role !== 'administrator') await employ(server, role);
  }
  const world: World = { productId: 'DEMOPROD01', deviceName: 'lamp-1' };
  await server.call('CreateProject', { ProjectName: HOSTILE, ProjectDesc: HOSTILE });
  const { Project } = await server.call<{ Project: { ProjectId: string } }>('CreateProject', {
    ProjectName: WIDE,
    ProjectDesc: WIDE,
  });
  world.projectId = Project.ProjectId;
  Object.assign(world, await produced(server, world.projectId));
  return world;
}

/** A batch of a product and an application, with troublesome names. */
async function produced(server: Server, ProjectId: string): Promise<World> {
  const { Product } = await server.call<{ Product: { ProductId: string } }>('CreateStudioProduct', {
    ProjectId,
    ProductName: HOSTILE,
    ProductDesc: HOSTILE,
    CategoryId: 1,
    ProductType: 0,
    EncryptionType: '2',
    NetType: 'wifi',
    DataProtocol: 1,
    ModuleId: 1,
  });
  const { ProductId } = Product;
  await server.call('ReleaseStudioProduct', { ProductId, DevStatus: 'released' });
  const batch = {
    ProjectId,
    ProductId,
    BurnMethod: 0,
    GenerationMethod: 0,
    BatchCnt: 3,
    GenerationQRCode: 1,
  };
  const { BatchProductionId } = await server.call<{ BatchProductionId: string }>(
    'CreateBatchProduction',
    batch,
  );
  const { Application } = await server.call<{ Application: { IotAppID: string } }>('CreateApplication', {
    ProjectId,
    AppName: HOSTILE,
    Description: HOSTILE,
    Products: JSON.stringify([ProductId]),
  });
  return { producedId: ProductId, batchId: BatchProductionId, applicationId: Application.IotAppID };
}

/** The first password, as a person sets it with the link that the server printed. */
export async function setUp(server: Server, request: APIRequestContext): Promise<void> {
  const response = await request.post(`${server.url}/api/session/setup`, {
    headers: { 'X-Yizhan': 'console' },
    data: { SetupCode: server.setupCode(), Password: PASSWORD },
  });
  if (!response.ok()) throw new Error(`set-up: ${await response.text()}`);
}

async function employ(server: Server, role: Exclude<Role, 'administrator'>): Promise<void> {
  const { Uin } = await server.call<{ Uin: number }>('AddUser', {
    Name: role,
    Remark: HOSTILE,
    ConsoleLogin: 1,
    Password: PASSWORD,
    NeedResetPassword: 0,
  });
  const { List } = await server.call<{ List: { PolicyId: number; PolicyName: string }[] }>('ListPolicies', {
    Rp: 200,
  });
  const policy = List.find((one) => one.PolicyName.endsWith(policies[role]));
  if (!policy) throw new Error(`there is no policy ${policies[role]}`);
  await server.call('AttachUserPolicy', { PolicyId: policy.PolicyId, AttachUin: Uin });
}

/** A window of somebody who has signed in, in a language and a theme. */
export async function windowOf(
  browser: Browser,
  server: Server,
  role: Role,
  { language = 'en', theme = 'light' }: { language?: 'en' | 'zh'; theme?: 'light' | 'dark' } = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: server.url });
  await context.addInitScript(
    ([chosenLanguage, chosenTheme]) => {
      localStorage.setItem('yizhan.language', chosenLanguage!);
      localStorage.setItem('yizhan.theme', chosenTheme!);
    },
    [language, theme],
  );
  const response = await context.request.post('/api/session', {
    headers: { 'X-Yizhan': 'console' },
    data: { Name: nameOf(role), Password: PASSWORD },
  });
  if (!response.ok()) throw new Error(`${role} cannot sign in: ${await response.text()}`);
  return context;
}
