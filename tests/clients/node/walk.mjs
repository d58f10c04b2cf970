// The life of a product, walked with the vendor's SDK for Node.js, which only gets another endpoint and protocol.
//
// Run by test_walk_node.py, which plays the lamp: this program prints one JSON line a step, the lamp of the step "created"
// is then started, and everything else is learned from the platform, as a back end would.
//
// Environment: PROTOCOL, ENDPOINT, SECRET_ID, SECRET_KEY, SIGN_METHOD, NAME, MODEL (thing model as JSON text).

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

// From NODE_PATH, where the SDK is installed.
const sdk = createRequire(import.meta.url)("tencentcloud-sdk-nodejs");
const { PROTOCOL, ENDPOINT, SECRET_ID, SECRET_KEY, SIGN_METHOD, NAME, MODEL } = process.env;

const settings = {
  credential: { secretId: SECRET_ID, secretKey: SECRET_KEY },
  region: "ap-guangzhou",
  profile: { signMethod: SIGN_METHOD, httpProfile: { endpoint: ENDPOINT, protocol: PROTOCOL } },
};
const explorer = new sdk.iotexplorer.v20190423.Client(settings);
const video = new sdk.iotvideo.v20211125.Client(settings);

const step = (name, details = {}) => console.log(JSON.stringify({ step: name, ...details }));

/** Asks until the answer satisfies. */
async function until(ask, satisfied) {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await ask();
    if (satisfied(answer)) return answer;
    await sleep(50);
  }
  assert.fail(`this never happened: ${satisfied}`);
}

async function refusal(call) {
  try {
    await call();
  } catch (refused) {
    assert.ok(refused.requestId, "a refusal has a request id");
    return refused.code;
  }
  assert.fail("this was not refused");
}

const beganMs = Date.now() - 60_000;
const project = (await explorer.CreateProject({ ProjectName: `life-${NAME}`, ProjectDesc: "a walk" })).Project;
const product = (
  await explorer.CreateStudioProduct({
    ProjectId: project.ProjectId, ProductName: `lamps-${NAME}`, ProductDesc: "灯 & more", CategoryId: 1, ProductType: 0,
    EncryptionType: "2", NetType: "wifi", DataProtocol: 1,
  })
).Product;
assert.equal(product.ProductDesc, "灯 & more");
await explorer.ModifyModelDefinition({ ProductId: product.ProductId, ModelSchema: MODEL });
const hall = { ProductId: product.ProductId, DeviceName: "hall" };
const device = (await explorer.CreateDevice(hall)).Data;
step("created", { product: product.ProductId, name: "hall", psk: device.DevicePsk });

await until(() => explorer.DescribeDevice(hall), ({ Device }) => Device.Status === 1);
const data = async () => JSON.parse((await explorer.DescribeDeviceData(hall)).Data);
await until(data, ({ brightness }) => brightness?.Value === 42);
step("read");

const told = await explorer.ControlDeviceData({ ...hall, Data: JSON.stringify({ power_switch: 1 }) });
assert.deepEqual(JSON.parse(told.Result), { Sent: 1, pushResult: 0 });
await until(data, ({ power_switch }) => power_switch?.Value === 1);
step("controlled");

const blink = { ...hall, ActionId: "light_blink", InputParams: JSON.stringify({ period: 3 }) };
const called = await explorer.CallDeviceActionSync(blink);
assert.deepEqual(JSON.parse(called.OutputParams), { err_code: 0 });
assert.ok((await explorer.CallDeviceActionAsync(blink)).ClientToken);
step("called");

const between = { MinTime: beganMs, MaxTime: Date.now() + 60_000 };
const history = await explorer.DescribeDeviceDataHistory({ ...hall, ...between, FieldName: "brightness", Limit: 10 });
assert.deepEqual(history.Results.map((each) => each.Value), ["42"]);
const events = await explorer.ListEventHistory({ ...hall, Type: "alert", Size: 10 });
assert.deepEqual(events.EventHistory.map((each) => each.EventId), ["low_voltage"]);
const online = await video.DescribeDeviceStatusLog({ ...hall, ...between, Limit: 10 });
assert.deepEqual(online.Results.map((each) => each.Type), ["Online"]);
const said = await video.DescribeDeviceCommLog({ ...hall, ...between, Limit: 100, Type: "device" });
assert.ok(said.Results.some((each) => each.Data.includes("low_voltage")));
step("looked back");

const topic = `${product.ProductId}/\${deviceName}/greetings`;
await explorer.CreateTopicPolicy({ ProductId: product.ProductId, TopicName: topic, Privilege: 3 });
const topics = (await explorer.ListTopicPolicy({ ProductId: product.ProductId })).Topics;
assert.equal(topics.find((each) => each.TopicName === topic)?.Privilege, 3);
const register = { ProductId: product.ProductId, RegisterType: 2, RegisterLimit: 5 };
assert.equal((await explorer.ModifyProductDynamicRegister(register)).RegisterLimit, 5);

await explorer.UpdateDevicesEnableState({ DevicesItems: [hall], Status: 0 });
assert.equal((await explorer.DescribeDevice(hall)).Device.EnableState, 0);
await until(() => explorer.DescribeDevice(hall), ({ Device }) => Device.Status === 0);
step("disabled");

const productId = { ProductId: product.ProductId };
assert.equal(await refusal(() => explorer.DeleteStudioProduct(productId)), "UnsupportedOperation.DevicesExistUnderProduct");
assert.equal((await explorer.DeleteDevice(hall)).ResultMessage, "");
await explorer.DeleteStudioProduct(productId);
await explorer.DeleteProject({ ProjectId: project.ProjectId });
assert.equal(
  await refusal(() => explorer.DescribeProject({ ProjectId: project.ProjectId })), "ResourceNotFound.ProjectNotExist",
);
step("deleted");
