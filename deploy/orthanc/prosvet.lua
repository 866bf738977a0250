-- A study that has stood still for StableAge seconds goes to Prosvet; what Prosvet sent is not sent back to it.
-- A study that could not be sent is tried again when the next one stands still, and when Orthanc starts. One that
-- Prosvet refuses is given up after some tries: it stands among the failed jobs, for a person.

local TARGET = 'prosvet'
local PAUSE = 30  -- seconds between two tries of one job
local TRIES = 20
local failed = {} -- job -> when it failed
local tries = {}  -- job -> how often

local function fromProsvet(instance)
   local target = ParseJson(RestApiGet('/modalities/' .. TARGET .. '/configuration', false))
   return RestApiGet('/instances/' .. instance .. '/metadata/RemoteAET', false) == target['AET']
end

local function again()
   for job, at in pairs(failed) do
      if os.time() - at >= PAUSE then
         failed[job] = nil
         RestApiPost('/jobs/' .. job .. '/resubmit', '{}', false)
      end
   end
end

function OnStableStudy(study, tags, metadata, origin)
   local fresh = {}
   for _, instance in ipairs(ParseJson(RestApiGet('/studies/' .. study .. '/instances', false))) do
      if not fromProsvet(instance['ID']) then
         table.insert(fresh, instance['ID'])
      end
   end
   if #fresh > 0 then
      -- One association for the whole study, in the background.
      RestApiPost('/modalities/' .. TARGET .. '/store',
                  DumpJson({ Resources = fresh, Synchronous = false, Permissive = false }, true), false)
   end
   again()
end

function OnJobFailure(job)
   if ParseJson(RestApiGet('/jobs/' .. job, false))['Type'] ~= 'DicomModalityStore' then
      return
   end
   tries[job] = (tries[job] or 0) + 1
   if tries[job] < TRIES then
      failed[job] = os.time()
   else
      print('A study was not taken by ' .. TARGET .. ' and is given up: job ' .. job)
   end
end

function OnJobSuccess(job)
   tries[job] = nil
end

function Initialize()
   for _, job in ipairs(ParseJson(RestApiGet('/jobs?expand', false))) do
      if job['State'] == 'Failure' and job['Type'] == 'DicomModalityStore' then
         failed[job['ID']] = 0
      end
   end
   again()
end
